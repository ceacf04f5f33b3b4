"""Pages of the list: public ones, downloads, the workbench of publication, changes, and the import."""
