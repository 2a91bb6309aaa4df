# At B2 a key is the identity, and has capabilities for all files below one prefix: reading the index alone, or creating
# reports alone, can't be told apart from reading and creating everything.
# https://www.backblaze.com/docs/cloud-storage-s3-compatible-app-keys

locals {
  capabilities = {
    # Looking whether a file is there takes readFiles, and B2 has no other way not to replace one.
    backup = ["listBuckets", "readBuckets", "listFiles", "readFiles", "writeFiles"]
    # writeFiles is for the reports.
    verify = ["listBuckets", "readBuckets", "listFiles", "readFiles", "writeFiles"]
    # The one that may delete. It can't lift a lock.
    restore = ["listBuckets", "readBuckets", "listFiles", "readFiles", "writeFiles", "deleteFiles"]
  }
}

resource "b2_application_key" "identity" {
  for_each = var.keys_in_state

  key_name     = "${var.name}-${each.key}"
  bucket_ids   = [b2_bucket.vault.bucket_id]
  name_prefix  = "${var.prefix}/"
  capabilities = local.capabilities[each.key]
}
