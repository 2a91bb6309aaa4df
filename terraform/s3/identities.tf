locals {
  policies = {
    backup  = data.aws_iam_policy_document.backup.json
    verify  = data.aws_iam_policy_document.verify.json
    restore = data.aws_iam_policy_document.restore.json
  }

  # The service accounts of k8s/base. Restoring and pruning have none: their identity stays outside of the cluster.
  pods = var.eks == null ? {} : { backup = "immich-backup", verify = "immich-verify-restore" }

  issuer = var.eks == null ? "" : split("oidc-provider/", var.eks.oidc_provider_arn)[1]
}

resource "aws_iam_policy" "identity" {
  for_each = local.policies

  name   = "${var.name}-${each.key}"
  policy = each.value
}

# Without keys: a key made here would stand in Terraform's state.
resource "aws_iam_user" "identity" {
  for_each = toset([for identity in keys(local.policies) : identity if !contains(keys(local.pods), identity)])

  name = "${var.name}-${each.key}"
}

resource "aws_iam_user_policy_attachment" "identity" {
  for_each = aws_iam_user.identity

  user       = each.value.name
  policy_arn = aws_iam_policy.identity[each.key].arn
}

data "aws_iam_policy_document" "pod" {
  for_each = local.pods

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [var.eks.oidc_provider_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = ["system:serviceaccount:${var.eks.namespace}:${each.value}"]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "pod" {
  for_each = local.pods

  name               = "${var.name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.pod[each.key].json
}

resource "aws_iam_role_policy_attachment" "pod" {
  for_each = aws_iam_role.pod

  role       = each.value.name
  policy_arn = aws_iam_policy.identity[each.key].arn
}
