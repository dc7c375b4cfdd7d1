@NullMarked
package io.pgbackup.cli.demo;

import org.jspecify.annotations.NullMarked;
