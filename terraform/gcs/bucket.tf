resource "google_storage_bucket" "vault" {
  name     = var.bucket
  location = var.location

  # Safelight names the class of every object itself.
  storage_class = "STANDARD"

  # Rights come from roles alone, never from lists of single objects, and are never given to everybody.
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  # Takes the place of versions: it also keeps what was deleted by its generation, and for a time that is known. A bucket
  # with a retention policy could keep no versions.
  soft_delete_policy {
    retention_duration_seconds = var.soft_delete_days * 86400
  }

  dynamic "retention_policy" {
    for_each = var.retention_days == null ? [] : [var.retention_days]

    content {
      retention_period = retention_policy.value * 86400
    }
  }

  # Notes on interrupted uploads, with which a backup goes on for seven days. Google itself forgets the uploads after a week.
  lifecycle_rule {
    condition {
      age            = 8
      matches_prefix = ["${var.prefix}/uploads/"]
    }

    action {
      type = "Delete"
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}
