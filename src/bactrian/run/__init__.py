"""Where work runs.

executor    the seam: processes of this machine, or this process alone
digests     what a file or a setting is, as a short name of its content
stages      pieces of work keyed by their content: done once, found again, whole or absent
progress    what runs, how far, how long still, on standard error
"""
