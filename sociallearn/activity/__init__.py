"""The ledger of acts: who did what, to what, when. Grades, insights and news all read this and nothing else."""
