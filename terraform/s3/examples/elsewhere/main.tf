# A cluster at home, or anywhere but at Amazon: three users, whose access keys are made by hand.

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

module "vault" {
  source = "../.."

  bucket        = "immich-backup-of-the-smiths"
  storage_class = "GLACIER_IR"
  lock          = { mode = "governance", days = 30 }
}

output "destination" {
  value = module.vault.destination
}

output "users" {
  value = module.vault.users
}
