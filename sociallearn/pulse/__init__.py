"""Two short questions a trainer opens for a week; what each learner answers stays between them and nobody."""
