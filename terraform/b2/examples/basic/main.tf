# Takes an account's key from B2_APPLICATION_KEY_ID and B2_APPLICATION_KEY. The keys for Safelight are made by the commands
# that it prints.

terraform {
  required_version = ">= 1.5"

  required_providers {
    b2 = {
      source = "Backblaze/b2"
    }
  }
}

provider "b2" {}

module "vault" {
  source = "../.."

  bucket = "immich-backup-of-the-smiths"
  region = "eu-central-003"
  lock   = { mode = "governance", days = 30 }
}

output "destination" {
  value = module.vault.destination
}

output "key_commands" {
  value = module.vault.key_commands
}
