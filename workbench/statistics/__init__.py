"""What the numbers of searches, trainings and benches are told with, each once: intervals, tests, rank correlation,
Student's t, Bradley–Terry strengths, agreement. Knows numbers and the items that they belong to, nothing else."""
