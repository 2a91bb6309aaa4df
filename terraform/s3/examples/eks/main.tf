# EKS: the pods of backup and verification are given roles, and there are no keys. The user for restores has none either
# until one is made.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

variable "cluster" {
  type        = string
  description = "Name of the EKS cluster, whose OIDC provider IAM knows already."
}

data "aws_eks_cluster" "this" {
  name = var.cluster
}

data "aws_iam_openid_connect_provider" "this" {
  url = data.aws_eks_cluster.this.identity[0].oidc[0].issuer
}

module "vault" {
  source = "../.."

  bucket = "immich-backup-of-the-smiths"
  eks    = { oidc_provider_arn = data.aws_iam_openid_connect_provider.this.arn }
}

output "destination" {
  value = module.vault.destination
}

output "service_accounts" {
  value = module.vault.service_accounts
}
