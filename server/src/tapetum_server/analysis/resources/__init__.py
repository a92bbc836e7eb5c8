"""What the hosts and processes behind a trace used while it ran: CPU, memory, GPU, and what was used up."""
