"""What a step of Gangze costs, against peers in the same run: ``gangze bench`` (or ``make bench``)."""
