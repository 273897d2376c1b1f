"""What is promised to whoever complains: how soon, by whose calendar, and who hears of it when time runs out."""
