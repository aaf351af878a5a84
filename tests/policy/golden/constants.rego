package golden

limits := {"rows": 100, "tables": ["a", "b"]}

big if limits.rows > 10
