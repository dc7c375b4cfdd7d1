/// The product as its users meet it: real launchers, a real agent, a real PostgreSQL, a real S3
/// server, and nothing reached behind their backs.
@NullMarked
package io.pgbackup.cli.story;

import org.jspecify.annotations.NullMarked;
