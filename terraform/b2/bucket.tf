# B2 keeps every version of a file unless a rule says otherwise, and the rules here say so of notes alone.
resource "b2_bucket" "vault" {
  bucket_name = var.bucket
  bucket_type = "allPrivate"

  file_lock_configuration {
    is_file_lock_enabled = true

    dynamic "default_retention" {
      for_each = var.lock == null ? [] : [var.lock]

      content {
        mode = default_retention.value.mode

        period {
          duration = default_retention.value.days
          unit     = "days"
        }
      }
    }
  }

  # A backup goes on with an interrupted upload for seven days.
  lifecycle_rules {
    file_name_prefix              = "${var.prefix}/uploads/"
    days_from_uploading_to_hiding = 8
    days_from_hiding_to_deleting  = 1
  }

  # Parts of uploads that nobody went on with. One rule for each place that has large objects, since no two rules may be for
  # the same file. https://www.backblaze.com/docs/cloud-storage-lifecycle-rules
  dynamic "lifecycle_rules" {
    for_each = ["database", "hosts", "objects", "packs"]

    content {
      file_name_prefix                                       = "${var.prefix}/${lifecycle_rules.value}/"
      days_from_starting_to_canceling_unfinished_large_files = 8
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}
