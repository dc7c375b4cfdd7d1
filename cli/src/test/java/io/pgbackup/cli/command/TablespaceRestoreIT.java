package io.pgbackup.cli.command;
