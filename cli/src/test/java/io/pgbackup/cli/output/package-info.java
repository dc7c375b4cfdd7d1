@NullMarked
package io.pgbackup.cli.output;

import org.jspecify.annotations.NullMarked;
