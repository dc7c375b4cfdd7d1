/// What the build runs once so that later starts are fast.
@NullMarked
package io.pgbackup.cli.rehearsal;

import org.jspecify.annotations.NullMarked;
