/// A stand-in for Cloudflare R2, which no test can have: an S3 server in memory that holds clients
/// to what R2's documentation demands, and says so where it does not.
@NullMarked
package io.pgbackup.testing.r2;

import org.jspecify.annotations.NullMarked;
