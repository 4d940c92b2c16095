"""Island. Measures a running backend from outside; imports nothing of ours, starts `halo serve`."""
