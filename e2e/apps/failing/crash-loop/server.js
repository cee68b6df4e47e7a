// A server that never gets as far as listening.

throw new Error('DATABASE_URL is not set: nothing to connect to');
