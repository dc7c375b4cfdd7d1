/// What the agent tells people and programs over HTTP: health, metrics, its status, and base
/// backups on request. Shows and passes on; decides nothing.
@NullMarked
package io.pgbackup.status;

import org.jspecify.annotations.NullMarked;
