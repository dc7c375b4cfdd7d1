/// S3 and what speaks like it: AWS, MinIO, Cloudflare R2. The only package, besides `credentials`,
/// that sees the AWS SDK.
@NullMarked
package io.pgbackup.store.s3;

import org.jspecify.annotations.NullMarked;
