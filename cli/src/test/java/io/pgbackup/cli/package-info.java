@NullMarked
package io.pgbackup.cli;

import org.jspecify.annotations.NullMarked;
