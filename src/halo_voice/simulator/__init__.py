"""Island. The telephony cloud in a box: imports nothing of ours, so that it cannot share our mistakes."""
