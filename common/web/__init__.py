"""What the web surfaces share: addresses of clients, rates, ids, placeholders, signatures."""
