"""Files of weights: found on a hub, downloaded, digested, and read without running what they hold."""
