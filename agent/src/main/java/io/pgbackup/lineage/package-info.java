/// Whose backups these are: cluster, lineage, the identity beside the data, the claim in the
/// bucket, and the fence that keeps two histories apart.
@NullMarked
package io.pgbackup.lineage;

import org.jspecify.annotations.NullMarked;
