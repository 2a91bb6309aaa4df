resource "aws_s3_bucket" "vault" {
  bucket = var.bucket

  # Keeps versions for good: Object Lock does not let anybody suspend them.
  object_lock_enabled = true

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "vault" {
  bucket = aws_s3_bucket.vault.id

  versioning_configuration {
    status = "Enabled"
  }
}

# The bucket's own retention rather than `lock` of the destination: so no credentials need the right to lock objects, with
# which whoever steals them could have them kept, and paid for, for a hundred years.
resource "aws_s3_bucket_object_lock_configuration" "vault" {
  count = var.lock == null ? 0 : 1

  bucket = aws_s3_bucket_versioning.vault.bucket

  rule {
    default_retention {
      mode = upper(var.lock.mode)
      days = var.lock.days
    }
  }
}

# Rights come from policies alone, never from lists of single objects.
resource "aws_s3_bucket_ownership_controls" "vault" {
  bucket = aws_s3_bucket.vault.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "vault" {
  bucket = aws_s3_bucket.vault.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_lifecycle_configuration" "vault" {
  bucket = aws_s3_bucket_versioning.vault.bucket

  # A backup goes on with an interrupted upload for seven days.
  rule {
    id     = "notes on interrupted uploads"
    status = "Enabled"

    filter {
      prefix = "${var.prefix}/uploads/"
    }

    expiration {
      days = 8
    }

    noncurrent_version_expiration {
      noncurrent_days = 1
    }
  }

  rule {
    id     = "parts of interrupted uploads"
    status = "Enabled"

    filter {
      prefix = "${var.prefix}/"
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 8
    }
  }
}

data "aws_iam_policy_document" "bucket" {
  # Every create is conditional. Requests that only begin an upload in parts, or send one, create nothing.
  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
  statement {
    sid       = "OnlyCreate"
    effect    = "Deny"
    actions   = ["s3:PutObject"]
    resources = ["${local.vault}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Null"
      variable = "s3:if-none-match"
      values   = ["true"]
    }

    condition {
      test     = "Bool"
      variable = "s3:ObjectCreationOperation"
      values   = ["true"]
    }
  }

  statement {
    sid       = "OnlyTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.vault.arn, "${aws_s3_bucket.vault.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "vault" {
  bucket = aws_s3_bucket.vault.id
  policy = data.aws_iam_policy_document.bucket.json

  depends_on = [aws_s3_bucket_public_access_block.vault]
}
