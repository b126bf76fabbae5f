export * from './types/element';
