@NullMarked
package io.pgbackup.cli.command;

import org.jspecify.annotations.NullMarked;
