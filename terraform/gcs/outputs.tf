# No output is a secret, and the state holds none.

output "destination" {
  description = "The destination, for `destinations` of safelight.yaml."

  value = <<-YAML
    - name: gcs
      type: gcs
      bucket: ${google_storage_bucket.vault.name}
      prefix: ${var.prefix}
      storageClass: ${var.storage_class}
  YAML
}

output "accounts" {
  description = "Service accounts, by what they are for."
  value       = { for identity, account in google_service_account.identity : identity => account.email }
}

output "service_accounts" {
  description = "A patch for the overlay that lets the pods be these accounts; null outside of GKE."

  value = var.gke == null ? null : templatefile("${path.module}/service-accounts.yaml.tftpl", {
    backup = google_service_account.identity["backup"].email
    verify = google_service_account.identity["verify"].email
  })
}
