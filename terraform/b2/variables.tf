variable "bucket" {
  type        = string
  description = "Name of the bucket to make, for backups alone."

  validation {
    condition     = can(regex("^[a-z0-9-]{6,63}$", var.bucket)) && !startswith(var.bucket, "b2-")
    error_message = "A bucket's name has 6 to 63 lower-case letters, digits and hyphens, and does not begin with b2-."
  }
}

variable "region" {
  type        = string
  description = "The account's region, the middle of its endpoint: `us-west-004` of s3.us-west-004.backblazeb2.com."

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+-[0-9]{3}$", var.region))
    error_message = "A region looks like us-west-004."
  }
}

variable "prefix" {
  type        = string
  default     = "immich"
  description = "Where in the bucket the vault lies: `prefix` of the destination."

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$", var.prefix))
    error_message = "A prefix has letters, digits, hyphens and underscores, with single slashes between."
  }
}

variable "name" {
  type        = string
  default     = "immich"
  description = "What the names of the keys begin with."

  validation {
    condition     = can(regex("^[A-Za-z0-9-]{1,40}$", var.name))
    error_message = "A name has 1 to 40 letters, digits and hyphens."
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
    condition     = var.lock == null ? true : var.lock.days >= 1 && var.lock.days <= 3000 && floor(var.lock.days) == var.lock.days
    error_message = "The days are a whole number from 1 to 3000."
  }
}

variable "keys_in_state" {
  type        = set(string)
  default     = []
  description = "Keys to make here (`backup`, `verify`, `restore`) although the state then holds them. Others: `key_commands`."

  validation {
    condition     = length(setsubtract(var.keys_in_state, ["backup", "verify", "restore"])) == 0
    error_message = "The keys are backup, verify and restore."
  }
}
