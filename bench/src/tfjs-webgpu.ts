import '@tensorflow/tfjs-backend-webgpu';
import { offer } from './page';
import { make } from './tfjs';

offer(make('webgpu'));
