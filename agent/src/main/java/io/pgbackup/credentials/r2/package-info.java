/// Cloudflare R2: credentials that are signed here, from a token that never leaves this place.
///
/// Follows Cloudflare's documentation of temporary credentials and was tried against a stand-in
/// that follows the same pages; never yet against Cloudflare.
@NullMarked
package io.pgbackup.credentials.r2;

import org.jspecify.annotations.NullMarked;
