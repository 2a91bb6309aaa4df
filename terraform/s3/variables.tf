variable "bucket" {
  type        = string
  description = "Name of the bucket to make, for backups alone."

  validation {
    # No dots: they break TLS, whose certificates cover one label in front of Amazon's own name.
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket))
    error_message = "A bucket's name has 3 to 63 lower-case letters, digits and hyphens, and no hyphen at its ends."
  }
}

variable "prefix" {
  type        = string
  default     = "immich"
  description = "Where in the bucket the vault lies: `prefix` of the destination."

  validation {
    # What Safelight takes, but for the characters that mean something in a policy.
    condition     = can(regex("^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$", var.prefix))
    error_message = "A prefix has letters, digits, hyphens and underscores, with single slashes between."
  }
}

variable "name" {
  type        = string
  default     = "immich"
  description = "What the names of the identities begin with."

  validation {
    condition     = can(regex("^[a-z0-9-]{1,40}$", var.name))
    error_message = "A name has 1 to 40 lower-case letters, digits and hyphens."
  }
}

variable "storage_class" {
  type        = string
  default     = "STANDARD"
  description = "Class of photos, videos and packs. Safelight names it with every object; all else is STANDARD."

  validation {
    condition = contains([
      "STANDARD",
      "STANDARD_IA",
      "ONEZONE_IA",
      "INTELLIGENT_TIERING",
      "GLACIER_IR",
      "GLACIER",
      "DEEP_ARCHIVE",
    ], var.storage_class)
    error_message = "docs/destinations/s3.md has the classes of Amazon."
  }
}

variable "lock" {
  type = object({
    mode = string
    days = number
  })
  default     = null
  description = "Object Lock: how long nobody can delete a new object. `governance` can be lifted, `compliance` by nobody."

  validation {
    condition     = var.lock == null ? true : contains(["governance", "compliance"], var.lock.mode)
    error_message = "The mode is governance or compliance."
  }

  validation {
    condition     = var.lock == null ? true : var.lock.days >= 1 && var.lock.days <= 36500 && floor(var.lock.days) == var.lock.days
    error_message = "The days are a whole number from 1 to 36500."
  }
}

variable "eks" {
  type = object({
    oidc_provider_arn = string
    namespace         = optional(string, "immich")
  })
  default     = null
  description = "The cluster's OIDC provider in IAM. With it, backup and verification are roles of pods, and need no keys."

  validation {
    condition     = var.eks == null ? true : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/.+$", var.eks.oidc_provider_arn))
    error_message = "That is no ARN of an OIDC provider: arn:aws:iam::<account>:oidc-provider/oidc.eks.<region>.amazonaws.com/id/<id>."
  }

  validation {
    condition     = var.eks == null ? true : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.eks.namespace))
    error_message = "That is no name of a namespace."
  }
}
