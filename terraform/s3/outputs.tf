# No output is a secret, and the state holds none.

output "destination" {
  description = "The destination, for `destinations` of safelight.yaml. Outside of EKS it needs `credentials`, too."

  value = <<-YAML
    - name: s3
      type: s3
      bucket: ${aws_s3_bucket.vault.bucket}
      prefix: ${var.prefix}
      region: ${aws_s3_bucket.vault.region}
      storageClass: ${var.storage_class}
  YAML
}

output "users" {
  description = "Users to make access keys for, by what they are for."
  value       = { for identity, user in aws_iam_user.identity : identity => user.name }
}

output "service_accounts" {
  description = "A patch for the overlay that gives the pods their roles; null outside of EKS."

  value = var.eks == null ? null : templatefile("${path.module}/service-accounts.yaml.tftpl", {
    backup = aws_iam_role.pod["backup"].arn
    verify = aws_iam_role.pod["verify"].arn
  })
}
