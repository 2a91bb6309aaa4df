# A cluster at home, or anywhere but at Google: three service accounts, whose keys are made by hand.

terraform {
  required_version = ">= 1.5"

  required_providers {
    google = {
      source = "hashicorp/google"
    }
  }
}

provider "google" {
  project = "backups-of-the-smiths"
}

module "vault" {
  source = "../.."

  bucket        = "immich-backup-of-the-smiths"
  location      = "europe-west3"
  storage_class = "ARCHIVE"
}

output "destination" {
  value = module.vault.destination
}

output "accounts" {
  value = module.vault.accounts
}
