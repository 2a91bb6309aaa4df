output "destination" {
  description = "The destination, for `destinations` of safelight.yaml. It needs `credentials`, too."

  value = <<-YAML
    - name: b2
      type: s3
      provider: b2
      bucket: ${b2_bucket.vault.bucket_name}
      prefix: ${var.prefix}
      region: ${var.region}
  YAML
}

output "key_commands" {
  description = "Commands of Backblaze's tool that make the keys, by what they are for. Each shows its key once."

  value = {
    for identity, capabilities in local.capabilities : identity => join(" ", [
      "b2 key create --bucket ${b2_bucket.vault.bucket_name} --name-prefix ${var.prefix}/",
      "${var.name}-${identity} ${join(",", capabilities)}",
    ])
  }
}

output "keys" {
  description = "The keys of `keys_in_state`, by what they are for."
  sensitive   = true

  value = {
    for identity, key in b2_application_key.identity : identity => {
      accessKeyId     = key.application_key_id
      secretAccessKey = key.application_key
    }
  }
}
