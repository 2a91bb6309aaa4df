# GKE with workload identity: the pods of backup and verification are the service accounts, and there are no keys.

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

  bucket         = "immich-backup-of-the-smiths"
  location       = "europe-west3"
  retention_days = 30
  gke            = { project = "cluster-of-the-smiths" }
}

output "destination" {
  value = module.vault.destination
}

output "service_accounts" {
  value = module.vault.service_accounts
}
