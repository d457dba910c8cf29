"""Discord's voice servers: voice gateway 8, the SFU, the DAVE delivery service, and a client of them."""
