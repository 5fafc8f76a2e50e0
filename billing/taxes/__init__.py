"""What tax is charged to whom: profiles as versioned data, and what buyers say of themselves for it."""
