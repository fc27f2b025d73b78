"""Screen parts that know no incident."""
