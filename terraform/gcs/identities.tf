locals {
  identities = toset(["backup", "verify", "restore"])

  # The service accounts of k8s/base. Restoring and pruning have none: their identity stays outside of the cluster.
  pods = var.gke == null ? {} : { backup = "immich-backup", verify = "immich-verify-restore" }

  # How conditions name the objects of the vault.
  vault = "projects/_/buckets/${google_storage_bucket.vault.name}/objects/${var.prefix}"
}

# Without keys: a key made here would stand in Terraform's state.
resource "google_service_account" "identity" {
  for_each = local.identities

  account_id   = "${var.name}-${each.key}"
  display_name = "Backups of ${var.name}: ${each.key}"
}

# Listing is a right on the bucket, which no condition on the names of objects reaches. This role reads no object; it also
# shows whether deleted objects are kept, for `safelight check`.
resource "google_storage_bucket_iam_member" "list" {
  for_each = local.identities

  bucket = google_storage_bucket.vault.name
  role   = "roles/storage.legacyBucketReader"
  member = google_service_account.identity[each.key].member
}

# Creates, and does not replace: that takes the right to delete, which this role has not.
resource "google_storage_bucket_iam_member" "backup_create" {
  bucket = google_storage_bucket.vault.name
  role   = "roles/storage.objectCreator"
  member = google_service_account.identity["backup"].member

  condition {
    title      = "the vault"
    expression = "resource.name.startsWith(\"${local.vault}/\")"
  }
}

# No contents, and no dumps.
resource "google_storage_bucket_iam_member" "backup_read" {
  bucket = google_storage_bucket.vault.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.identity["backup"].member

  condition {
    title = "the index of the vault"
    expression = join(" || ", [
      "resource.name == \"${local.vault}/vault.json\"",
      "resource.name.startsWith(\"${local.vault}/keys/\")",
      "resource.name.startsWith(\"${local.vault}/hosts/\")",
      "resource.name.startsWith(\"${local.vault}/runs/\")",
      "resource.name.startsWith(\"${local.vault}/verifications/\")",
      "resource.name.startsWith(\"${local.vault}/uploads/\")",
    ])
  }
}

resource "google_storage_bucket_iam_member" "verify_read" {
  bucket = google_storage_bucket.vault.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.identity["verify"].member

  condition {
    title      = "the vault"
    expression = "resource.name.startsWith(\"${local.vault}/\")"
  }
}

resource "google_storage_bucket_iam_member" "verify_create" {
  bucket = google_storage_bucket.vault.name
  role   = "roles/storage.objectCreator"
  member = google_service_account.identity["verify"].member

  condition {
    title      = "reports of verifications"
    expression = "resource.name.startsWith(\"${local.vault}/verifications/\")"
  }
}

# The one identity that may delete.
resource "google_storage_bucket_iam_member" "restore" {
  bucket = google_storage_bucket.vault.name
  role   = "roles/storage.objectUser"
  member = google_service_account.identity["restore"].member

  condition {
    title      = "the vault"
    expression = "resource.name.startsWith(\"${local.vault}/\")"
  }
}

# https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
resource "google_service_account_iam_member" "pod" {
  for_each = local.pods

  service_account_id = google_service_account.identity[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.gke.project}.svc.id.goog[${var.gke.namespace}/${each.value}]"
}
