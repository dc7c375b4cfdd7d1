/// Where objects lie: one small port, with adapters for S3 (`store.s3`) and for a directory
/// (`store.file`).
@NullMarked
package io.pgbackup.store;

import org.jspecify.annotations.NullMarked;
