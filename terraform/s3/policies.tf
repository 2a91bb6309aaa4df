# What each identity may do. docs/destinations/s3.md shows the first two for those who don't use Terraform.

locals {
  vault = "${aws_s3_bucket.vault.arn}/${var.prefix}"
}

data "aws_iam_policy_document" "backup" {
  # Nothing here deletes: the last one removes parts of unfinished uploads alone.
  statement {
    sid       = "Create"
    actions   = ["s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]
    resources = ["${local.vault}/*"]
  }

  # No contents, and no dumps.
  statement {
    sid     = "ReadIndex"
    actions = ["s3:GetObject"]
    resources = [
      "${local.vault}/vault.json",
      "${local.vault}/keys/*",
      "${local.vault}/hosts/*",
      "${local.vault}/runs/*",
      "${local.vault}/verifications/*",
      "${local.vault}/uploads/*",
    ]
  }

  statement {
    sid       = "List"
    actions   = ["s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:GetBucketVersioning"]
    resources = [aws_s3_bucket.vault.arn]
  }
}

data "aws_iam_policy_document" "verify" {
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject"]
    resources = ["${local.vault}/*"]
  }

  statement {
    sid       = "Note"
    actions   = ["s3:PutObject"]
    resources = ["${local.vault}/verifications/*"]
  }

  statement {
    sid       = "List"
    actions   = ["s3:ListBucket", "s3:GetBucketVersioning"]
    resources = [aws_s3_bucket.vault.arn]
  }
}

data "aws_iam_policy_document" "restore" {
  # Older versions, too: somebody may have hidden objects behind others.
  statement {
    sid       = "Read"
    actions   = ["s3:GetObject", "s3:GetObjectVersion", "s3:RestoreObject"]
    resources = ["${local.vault}/*"]
  }

  # The one identity that may. It is not given the right to lift a lock.
  statement {
    sid       = "Prune"
    actions   = ["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload"]
    resources = ["${local.vault}/*"]
  }

  statement {
    sid = "List"
    actions = [
      "s3:ListBucket",
      "s3:ListBucketVersions",
      "s3:ListBucketMultipartUploads",
      "s3:GetBucketVersioning",
    ]
    resources = [aws_s3_bucket.vault.arn]
  }
}
