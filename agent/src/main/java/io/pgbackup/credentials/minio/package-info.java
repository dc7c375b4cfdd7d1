/// Credentials of a MinIO server: one parent user per cluster through its admin API, and sessions
/// of it through its STS.
@NullMarked
package io.pgbackup.credentials.minio;

import org.jspecify.annotations.NullMarked;
