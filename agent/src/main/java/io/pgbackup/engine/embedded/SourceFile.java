package io.pgbackup.engine.embedded;

import java.nio.file.Path;
import java.util.Optional;

/// One regular file to be packed.
///
/// @param path below the data directory, with `/`; for a file of a tablespace
///   `pg_tblspc/<oid>/PG_...`
/// @param source where it lies
/// @param relation what its name says, where it is a relation's file
record SourceFile(String path, Path source, FileFacts facts, Optional<RelationFile> relation) {}
