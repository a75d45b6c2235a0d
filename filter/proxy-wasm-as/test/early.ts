// A module that calls the host for a property while it starts, which no host allows. AssemblyScript.
import { abort, getProperty } from '../assembly';

export * from '../assembly/exports';
export { abort };

getProperty(0, 0);
