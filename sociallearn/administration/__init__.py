"""Administration: connected LMSs, invitations to connect one, and who has which rights."""
