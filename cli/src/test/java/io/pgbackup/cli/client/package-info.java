@NullMarked
package io.pgbackup.cli.client;

import org.jspecify.annotations.NullMarked;
