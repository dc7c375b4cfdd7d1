/// How things are written: aligned tables, JSON, times, sizes, errors with their hints.
@NullMarked
package io.pgbackup.cli.output;

import org.jspecify.annotations.NullMarked;
