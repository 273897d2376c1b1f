"""Days on which somebody is away: leave, whatever the reason. They are no working days of theirs."""
